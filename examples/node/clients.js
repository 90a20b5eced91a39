'use strict';
// Where the queues are, and with what keys: said by the environment.

exports.QUEUE = process.env.PROVISIONER_QUEUE || 'provision-requests';
exports.INBOX = process.env.INBOX || 'provision-outcomes-inbox';

function setting(name) {
  if (!process.env[name]) {
    console.error(`set ${name}; docs/integrate.md says to what`);
    process.exit(1);
  }
  return process.env[name];
}

// MNS's endpoint: https://ACCOUNT.mns.REGION.aliyuncs.com, or the URL of a local cloud.
exports.endpoint = () => setting('MNS_ENDPOINT').replace(/\/$/, '');

exports.client = () => {
  const endpoint = exports.endpoint();
  const options = {
    endpoint,
    accessKeyId: setting('ALIBABA_CLOUD_ACCESS_KEY_ID'),
    accessKeySecret: setting('ALIBABA_CLOUD_ACCESS_KEY_SECRET'),
    securityToken: process.env.ALIBABA_CLOUD_SECURITY_TOKEN || undefined,
  };
  // Loaded where it is used: how a script is used, and which variables it wants, is said without it, too.
  const Mns = require('@alicloud/mns');
  // The account is part of the endpoint's name; the SDK wants to be given one anyway.
  return new Mns(new URL(endpoint).hostname.split('.')[0], options);
};

// The command's arguments; where they do not fit, or help is asked for, it ends with how it is used.
exports.given = (usage, fits) => {
  const words = process.argv.slice(2);
  const help = words.includes('--help') || words.includes('-h');
  if (!help && fits(words)) return words;
  (help ? console.log : console.error)(`usage: node ${usage}`);
  return process.exit(help ? 0 : 2);
};

// Runs a command to its end. The SDK keeps sockets open, so the process has to be ended.
exports.run = (main, given) => main(given).then(
  () => process.exit(0),
  (error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
  },
);
