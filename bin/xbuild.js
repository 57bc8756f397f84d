#!/usr/bin/env node
// Written so that any Node.js can read it: an older one gets one line, not a syntax error out of the bundle.
var version = process.versions.node
var numbers = version.split('.').map(Number)

function endWith(code, text) {
  process.stderr.write('xbuild: ' + text + '\n')
  process.exit(code)
}

function endWithoutBundle(error) {
  var notBuilt = error && error.code === 'MODULE_NOT_FOUND' && /dist.cli\.cjs/.test(error.message)
  if (notBuilt) endWith(4, 'this checkout is not built yet; run npm ci && npm run build in its folder')
  if (error && error.code === 'EMFILE')
    endWith(2, 'this process may open too few files to start; ulimit -n 4096')
  endWith(70, 'a bug in xbuild, not in your project\n' + ((error && error.stack) || error))
}

if (numbers[0] < 20 || (numbers[0] === 20 && numbers[1] < 19)) {
  endWith(4, 'needs Node.js 20.19 or later, and this is ' + version + ' (' + process.execPath + ')')
} else {
  try {
    require('../dist/cli.cjs')
  } catch (error) {
    endWithoutBundle(error)
  }
}
