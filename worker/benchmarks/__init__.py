"""`manage.py benchmark`: every row of the paper's tables on one data set, each measured on its test images."""
