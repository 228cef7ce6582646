"""What pages, scoring and exports read: arrays and rows put together, nothing written."""
