// Draws the API's description into the page, in the reader's colour scheme.
const root = document.getElementById("swagger-ui");

SwaggerUIBundle({
  domNode: root,
  url: root.dataset.description,
  presets: [SwaggerUIBundle.presets.apis],
  // The descriptions are sent to no validator outside.
  validatorUrl: null,
  onComplete() {
    // The page grew above the problem type that brought the reader here.
    document.querySelector(".own :target")?.scrollIntoView();
  },
});

const dark = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

dark.addEventListener("change", follow);
follow();
