/** A function that cannot be loaded. */
throw new Error('These environment variables are missing: EVERY_ONE.');
