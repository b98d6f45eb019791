"""The city server: takes what enrolled laptops send, proves that it holds it, hands out trips."""
