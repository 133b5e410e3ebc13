// Nothing in; what @getodk/xforms-engine takes from a browser for granted, put beside node's own globals.

import { File } from 'node:buffer';
import { webcrypto } from 'node:crypto';
import { JSDOM } from 'jsdom';

const dom = new JSDOM('<!doctype html><html><body></body></html>', { url: 'http://localhost/' });
for (const name of ['window', 'document', 'DOMParser', 'XMLSerializer', 'Node', 'Element', 'Attr', 'Text', 'Comment',
	'CDATASection', 'Document', 'DocumentType', 'ProcessingInstruction', 'XMLDocument', 'XPathResult',
	'XPathEvaluator', 'XPathExpression', 'NodeFilter', 'HTMLElement', 'NodeList', 'NamedNodeMap']) {
	globalThis[name] ??= name === 'window' ? dom.window : dom.window[name];
}
// Node 18, Debian's own, has these elsewhere.
globalThis.File ??= File;
globalThis.crypto ??= webcrypto;
globalThis.__dirname ??= import.meta.dirname ?? '.';
