"""Files that are complete or do not exist, the cache, downloads, and facts about the machine."""
