"""What happened: workspace, run records, event files, notes."""
