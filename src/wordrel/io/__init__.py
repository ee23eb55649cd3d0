"""Files that are complete or not there, the cache, downloads, and the machine."""
