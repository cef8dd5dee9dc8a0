#!/bin/bash
# Trains in slices of the wall time until the run is complete: qsub -v EXPERIMENT=$PWD/my.yaml launch/jobs/pbs.sh
#PBS -N sgm-train
#PBS -l select=2:ncpus=4:mpiprocs=4
#PBS -l walltime=04:00:00
#PBS -j oe
#PBS -r y
cd "$PBS_O_WORKDIR" || exit 69
# module load sgm-train
trap : USR1    # qsig reaches this script as well, and must not end it
# An Open MPI that was built with PBS's tm reads the nodes itself; another needs --hostfile "$PBS_NODEFILE".
mpirun sgm-train "${EXPERIMENT:?name the file by qsub -v EXPERIMENT=…}" --continue
status=$?
# 75: stopped with a checkpoint before the end of its time. The next slice is a new job with the same words.
((status != 75)) || qsub -v EXPERIMENT="$EXPERIMENT" "${JOB_SCRIPT:-launch/jobs/pbs.sh}"
exit $status
