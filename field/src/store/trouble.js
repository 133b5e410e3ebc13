// What can go wrong with the store, each under a code the screens have words for.

/**
 * @typedef {"wrong_pin"|"expired"|"wiped"|"weak_pin"|"already"|"busy"|"locked"|"full"|"blocked"|"newer"|"unavailable"|"damaged"} TroubleCode
 * busy: another tab has this person's store open · locked: this desk was locked · full: no room on the tablet ·
 * blocked, newer: another tab holds an older program, this tab is the older program · unavailable: no IndexedDB here
 * (private window, pressure) after one more try · damaged: a record could not be opened
 */
export class Trouble extends Error {
  /** @param {TroubleCode} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    /** @type {TroubleCode} */
    this.code = code;
  }
}

export class WrongPin extends Trouble {
  /** @param {number} left tries before the person's key is destroyed */
  constructor(left) {
    super("wrong_pin");
    this.left = left;
  }
}

/** The server's share is gone: the time is over ("time") or the clock stands before a time already seen ("clock"). */
export class Expired extends Trouble {
  /** @param {"time"|"clock"} why */
  constructor(why) {
    super("expired");
    this.why = why;
  }
}

/** Five wrong PINs, or the token was revoked. */
export class Wiped extends Trouble {
  constructor() {
    super("wiped");
  }
}
