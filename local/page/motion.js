// Motion that shows what changed; none for people who asked for less of it.
const still = matchMedia("(prefers-reduced-motion: reduce)");

function play(node, frames, options) {
  if (!still.matches) node.animate(frames, { easing: "cubic-bezier(.2,.8,.2,1)", ...options });
}

// Something is new here.
export function appear(node) {
  play(node, [{ opacity: 0, transform: "translateY(-8px)" }, { opacity: 1, transform: "none" }], { duration: 320 });
}

// A number or a sign is another than before.
export function bump(node) {
  play(node, [{ transform: "scale(1)" }, { transform: "scale(1.28)" }, { transform: "scale(1)" }], { duration: 380 });
}

// A whole row changed: a light goes over it.
export function glow(node) {
  const colour = getComputedStyle(node).getPropertyValue("--glow");
  play(node, [{ backgroundColor: colour }, {}], { duration: 900, easing: "ease-out" });
}
