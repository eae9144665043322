"""How does an article become postings, columns, a Whoosh index?

    report = build_index(read_articles(["presse/"]), "index")      # report.added, .replaced, .unchanged, .rejected
"""

from indexer.builder import BuildOptions, BuildReport, build_index, delete_articles

__all__ = ["BuildOptions", "BuildReport", "build_index", "delete_articles"]
