"""The OpenAPI schema, its page, and the answer to an address that the API does not have."""

from functools import cache
from threading import Lock
from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

_KEPT_S = 3600  # by browsers and caches; a new version of the site is soon seen
_MAKING = Lock()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # it registers its subclasses
    """How the OpenAPI schema describes TokenAuthentication."""

    target_class = "annotations.pages.api.token_authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SchemaView(SpectacularAPIView):
    """The schema says nothing about a study, so anyone may read it. Each process makes a format of it once."""

    permission_classes = (AllowAny,)
    authentication_classes = ()  # the same for everybody
    schema = None

    def get(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        renderer = request.accepted_renderer
        with _MAKING:  # whoever comes meanwhile waits, and makes no second one
            document = _document(type(renderer))  # type: ignore[arg-type]  # a class can be hashed
        headers = {"Cache-Control": f"public, max-age={_KEPT_S}"}
        return HttpResponse(document, content_type=renderer.media_type, headers=headers)


@cache
def _document(renderer: type[BaseRenderer]) -> bytes:
    schema = SchemaView.generator_class().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return force_bytes(renderer().render(schema, renderer_context={}))


@method_decorator(ensure_csrf_cookie, name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, its script a request of its own, under the site's strict policy: no inline script or style."""

    permission_classes = (AllowAny,)
    template_name = "annotations/api/docs.html"


class UnknownAddressView(APIView):
    """404 in the API's own shape, whatever the method."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound
