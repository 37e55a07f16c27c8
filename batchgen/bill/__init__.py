"""A provider's bill, whatever its columns are called: from cells of text to rows of money."""
