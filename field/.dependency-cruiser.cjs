// Who may import whom: shell → screens → visits → sync, forms, meaning → store.
const PARTS = {
  shell: ['shell', 'screens', 'visits', 'sync', 'forms', 'meaning', 'store', 'words'],
  screens: ['screens', 'visits', 'words'],
  visits: ['visits', 'sync', 'forms', 'meaning', 'store'],
  sync: ['sync', 'store'],
  forms: ['forms'],
  meaning: ['meaning'],
  store: ['store'],
  words: ['words'],
};

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-packages', severity: 'error', from: { path: '^(field/)?src' }, to: { pathNot: '^(field/)?src' } },
    { name: 'in-a-part', severity: 'error', from: { pathNot: `^(field/)?src/(${Object.keys(PARTS).join('|')})/` }, to: {} },
    ...Object.entries(PARTS).map(([part, may]) => ({
      name: `${part}-imports-only-what-is-below`,
      severity: 'error',
      from: { path: `^(field/)?src/${part}/` },
      to: { pathNot: `^(field/)?src/(${may.join('|')})/` },
    })),
  ],
  options: { doNotFollow: { path: 'node_modules' } },
};
