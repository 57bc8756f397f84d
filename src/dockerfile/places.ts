/** Where a project keeps the Dockerfile of its image, the usual place first. */
export const dockerfilePlaces = [
  'Dockerfile',
  'Containerfile',
  'dockerfile',
  'docker/Dockerfile',
  'build/Dockerfile',
  'build/package/Dockerfile',
  '.docker/Dockerfile',
  'deploy/Dockerfile',
  'scripts/Dockerfile',
  'packaging/Dockerfile',
  'contrib/docker/Dockerfile',
] as const
