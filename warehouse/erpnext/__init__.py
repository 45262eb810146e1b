"""ERPNext over REST: requests in, dicts out; knows nothing of MongoDB."""
