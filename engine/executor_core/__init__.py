"""The executors of SQL, HTTP and script APIs, and the walls around them."""
