// The sealed records of this tablet in; files a person can carry to a coordinator, out.
import { filesToCarry, sealedHere, takeReceiptFile } from "../sync/sync.js";
import { openTablet, realDesk } from "./desk.js";

/** How many wait, of everybody who has worked here. @returns {Promise<number>} */
export const waitingHere = async () => sealedHere(await openTablet());
export const carried = async () => filesToCarry(await openTablet());
/** Receipts the coordinator has given back in a file, for this person's records. @param {Blob} file */
export const readReceipts = async (file) => takeReceiptFile(realDesk(), await file.text());
