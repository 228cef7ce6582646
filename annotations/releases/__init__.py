"""To be said: releases."""
