// The sealed records of this tablet in; files a person can carry to a coordinator, out.
import { filesToCarry, sealedHere } from "../sync/sync.js";
import { openTablet } from "./desk.js";

/** How many wait, of everybody who has worked here. @returns {Promise<number>} */
export const waitingHere = async () => sealedHere(await openTablet());
export const carried = async () => filesToCarry(await openTablet());
