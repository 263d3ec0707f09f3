"""Wide and deep estimators: which columns and which optimizer go with which part."""
