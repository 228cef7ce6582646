"""What no capability owns: errors, base classes, formats."""
