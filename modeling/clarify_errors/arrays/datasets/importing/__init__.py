"""Imports a folder of images as a data set directory: reads its listing, checks and embeds every image."""
