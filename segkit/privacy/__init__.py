"""Personal data (个人信息): found, masked for readers, replaced by surrogates, scanned for."""
