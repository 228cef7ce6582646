#!/usr/bin/env python
"""Run a management command: `python manage.py help` lists them."""

from clarify_site.command_runner import main

if __name__ == "__main__":
    main()
