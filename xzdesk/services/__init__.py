"""Use cases, one verb a file. The command line and the window call these and add no rules of their own."""
