"""Problems with their texts, checkers, test sets and lists."""
