"""From the bytes of a file to records of text: packings, encodings, separators, broken quotes."""
