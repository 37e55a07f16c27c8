"""5. The output folder: download, names, checks of a clip, results and the report."""
