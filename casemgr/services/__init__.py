"""事: what people do, one function one transaction; knows no Flask."""
