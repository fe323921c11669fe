"""文: what is printed - figures, charts and the PDF made from them."""
