"""What should be right before people come: each check passes, warns or blocks, and says where to fix it."""
