"""The page of the local cloud: plain files, no build step. `local.cloud.pages` serves them."""
