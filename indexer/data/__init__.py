"""Word data of the French analysis: each file names its source and licence on its first line."""
