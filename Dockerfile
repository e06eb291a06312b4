# earshot serve, small: docker build --target serve . (the default). With the example agent: --target demo.
ARG NODE_VERSION=22

FROM node:${NODE_VERSION}-alpine AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# Only what runs: the SDKs and tools that tests need stay behind.
FROM build AS production
RUN npm prune --omit=dev --omit=optional --ignore-scripts \
    && rm -rf dist/test dist/bench dist/grafana dist/demo \
    && find dist -name '*.d.ts' -delete

# The demonstration runs the example agent with the real SDKs, and simulators of its providers.
FROM node:${NODE_VERSION}-alpine AS demo
ENV NODE_ENV=production NO_UPDATE_NOTIFIER=1
WORKDIR /app
COPY --from=build /src /app
USER node
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["demo"]

FROM node:${NODE_VERSION}-alpine AS serve
LABEL org.opencontainers.image.title="earshot" \
      org.opencontainers.image.description="Receives the spans of voice agents and turns calls into rows" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=production /src/package.json /src/LICENSE ./
COPY --from=production /src/node_modules ./node_modules
COPY --from=production /src/dist ./dist
# Nothing is written: runs with a read-only root, and as any user. A number, so that Kubernetes sees that it is not root.
USER 1000:0
EXPOSE 4318
STOPSIGNAL SIGTERM
# Whether the process lives: a database that is away is no reason to restart it (/readyz asks that).
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.EARSHOT_PORT || 4318) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
