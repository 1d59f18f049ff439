// Shows /openapi.json of the server that this page came from; asks no other server anything.
window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#reference",
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    displayRequestDuration: true,
    validatorUrl: null,
  });
});
