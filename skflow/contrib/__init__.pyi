from skflow.contrib import framework as framework, opt as opt
