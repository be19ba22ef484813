"""演示数据: invented figures for a catalogue, and the story of one month played with them. Never real data."""
