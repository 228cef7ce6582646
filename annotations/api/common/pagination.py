"""Pages of a list, with a bound on their size."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """?page=2&page_size=100: 50 entries a page, 200 at the most."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
