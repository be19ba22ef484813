"""What the district's statistics mean: plain Python without Qt, SQL or files."""
