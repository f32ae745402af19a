// Draws the API's description into the page.
const root = document.getElementById("swagger-ui");

SwaggerUIBundle({
  domNode: root,
  url: root.dataset.description,
  presets: [SwaggerUIBundle.presets.apis],
  // The descriptions are sent to no validator outside.
  validatorUrl: null,
  onComplete() {
    // The page grew above the problem type that brought the reader here.
    document.querySelector(".errors :target")?.scrollIntoView();
  },
});
