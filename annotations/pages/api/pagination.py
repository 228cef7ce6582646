"""Pages of a list, with a bound on their size."""

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """?page=2&page_size=100: 50 entries a page, 200 at the most; any other size is refused."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("page_size", str(self.page_size))
        if not (given.isascii() and given.isdecimal() and 1 <= int(given[:9]) <= self.max_page_size):
            raise ValidationError({"page_size": [f"This is a whole number from 1 to {self.max_page_size}."]})
        return int(given)
