"""Files that are uploaded to be published: received to the disk, published by a thread, reported on."""
