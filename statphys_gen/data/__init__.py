"""What several systems study: laws of data, their sampling and channels, and data sets from files."""
