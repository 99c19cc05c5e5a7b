// Both films start together: once they come into view, unless motion is unwelcome, and on request.
const films = [...document.querySelectorAll("video")];
const button = document.querySelector("#replay");

function replay() {
  for (const film of films) {
    film.currentTime = 0;
    film.play().catch(() => {}); // a browser may refuse to play unasked
  }
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", replay);
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const seen = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        seen.disconnect();
        replay();
      }
    }, { threshold: 0.6 });
    seen.observe(films[0]);
  }
}
