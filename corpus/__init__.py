"""What is an article, and where does it come from?

articles = read_articles(["presse/"])      # a stream of Article; articles.rejects tells what was refused
"""

from corpus.article import Article, Origin
from corpus.errors import MarbreError
from corpus.readers import ArticleStream, Reject, read_articles

__all__ = ["Article", "ArticleStream", "MarbreError", "Origin", "Reject", "read_articles"]
