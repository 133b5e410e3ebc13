// The screens by name. The first two come with the page, so that a slow line is waited for once; the others when they
// are first shown.
import * as enrol from "../screens/enrol.js";
import * as lock from "../screens/lock.js";

/** @type {import("../screens/router.js").Screens} */
export const SCREENS = {
  enrol: async () => enrol,
  check: () => import("../screens/check.js"),
  lock: async () => lock,
  today: () => import("../screens/today.js"),
  child: () => import("../screens/child.js"),
  visit: () => import("../screens/interview.js"),
  review: () => import("../screens/review.js"),
  result: () => import("../screens/result.js"),
  outbox: () => import("../screens/outbox.js"),
  safety: () => import("../screens/safety.js"),
  grid: () => import("../screens/grid.js"),
};
