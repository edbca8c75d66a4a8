"""Mini-program codes: validate, find the identical one, ask WeChat, check the picture, store, remember."""
